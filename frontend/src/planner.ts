import "./styles.css";
import { mount } from "svelte";
import Planner from "./pages/Planner.svelte";

const target = document.getElementById("app");
if (target) mount(Planner, { target });
